process COMPARE_COMPOSITION {
    tag "${contrast_id}"
    label 'small'

    input:
    path composition
    path samples
    tuple val(contrast_id), path(contrast, stageAs: 'contrast/*')
    path all_contrasts

    output:
    path '*/composition*.csv', emit: tables, optional: true
    path '*.compare_composition.json', topic: 'facts', emit: summaries
    path '*.compare_composition.*.png', topic: 'figures', optional: true
    path '*.compare_composition.*.{svg,pdf}', optional: true, emit: drawings

    script:
    """
    compare_composition.py \\
        --composition ${composition} \\
        --samples ${samples} \\
        --contrasts ${contrast} \\
        --all-contrasts ${all_contrasts} \\
        --permutations ${params.permutations} \\
        --min-donors ${params.min_donors} \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    mkdir ${contrast_id}
    touch ${contrast_id}/composition.csv
    echo '{"step": "compare_composition", "id": "${contrast_id}"}' > ${contrast_id}.compare_composition.json
    """
}
