process COMPARE_COMPOSITION {
    tag 'all contrasts'
    label 'small'

    input:
    path composition
    path samples
    path contrasts

    output:
    path '*/composition*.csv', emit: tables, optional: true
    path '*.compare_composition.json', topic: 'facts', emit: summaries
    path '*.compare_composition.*.png', topic: 'figures', optional: true
    path '*.compare_composition.*.svg', optional: true, emit: drawings

    script:
    """
    compare_composition.py \\
        --composition ${composition} \\
        --samples ${samples} \\
        --contrasts ${contrasts} \\
        --permutations ${params.permutations} \\
        --min-donors ${params.min_donors} \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''}
    """

    stub:
    """
    mkdir stub
    touch stub/composition.csv
    echo '{"step": "compare_composition", "id": "stub"}' > stub.compare_composition.json
    """
}
