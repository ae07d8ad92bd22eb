process COMPARE_DESIGN {
    tag 'all contrasts'
    label 'small'

    input:
    path composition
    path samples
    path contrasts

    output:
    path '*/design*.csv', emit: tables, optional: true
    path '*.compare_design.json', topic: 'facts'
    path '*.compare_design.*.png', topic: 'figures', optional: true
    path '*.compare_design.*.{svg,pdf}', optional: true

    script:
    """
    exec compare_design.py \\
        --composition ${composition} \\
        --samples ${samples} \\
        --contrasts ${contrasts} \\
        --min-donors ${params.min_donors} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    mkdir stub
    echo 'contrast_side,donor,n_samples' > stub/design.csv
    echo '{"step": "compare_design", "id": "stub"}' > stub.compare_design.json
    """
}
