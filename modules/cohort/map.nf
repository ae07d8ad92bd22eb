process COHORT_MAP {
    tag 'cohort'
    label 'medium'

    input:
    path merged
    path reference, stageAs: 'reference/*'

    output:
    path 'mapped.parquet', emit: mapped
    path '*.cohort_map.json', topic: 'facts'
    path '*.cohort_map.*.png', topic: 'figures', optional: true
    path '*.cohort_map.*.{svg,pdf}', optional: true

    script:
    """
    exec cohort_map.py \\
        --merged ${merged} \\
        --reference ${reference} \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    touch mapped.parquet
    echo '{"step": "cohort_map", "id": "cohort"}' > cohort.cohort_map.json
    """
}
