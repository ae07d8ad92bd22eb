process COMPARE_CALIBRATION {
    tag 'all contrasts'
    label 'medium'

    input:
    path composition
    path pseudobulk
    path samples
    path contrasts

    output:
    path '*/calibration*.csv', emit: tables, optional: true
    path '*.compare_calibration.json', topic: 'facts'
    path '*.compare_calibration.*.png', topic: 'figures', optional: true
    path '*.compare_calibration.*.svg', optional: true, emit: drawings

    script:
    """
    compare_calibration.py \\
        --composition ${composition} \\
        --pseudobulk ${pseudobulk} \\
        --samples ${samples} \\
        --contrasts ${contrasts} \\
        --permutations ${params.permutations} \\
        --min-cells-per-donor ${params.min_cells_per_donor} \\
        --min-donors ${params.min_donors} \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''}
    """

    stub:
    """
    mkdir stub
    touch stub/calibration.csv
    echo '{"step": "compare_calibration", "id": "stub"}' > stub.compare_calibration.json
    """
}
