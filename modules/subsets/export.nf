process SUBSETS_EXPORT {
    tag 'cohort'
    label 'medium'

    input:
    path cohort

    output:
    path 'cohort.h5ad', emit: cohort, optional: true
    path '*.subsets_export.json', topic: 'facts'

    script:
    """
    exec subsets_export.py \\
        --cohort ${cohort} \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    touch cohort.h5ad
    echo '{"step": "subsets_export", "id": "cohort"}' > cohort.subsets_export.json
    """
}
