process COMPARE_CALIBRATION {
    tag "${contrast_id}"
    label 'medium'

    input:
    path composition
    path pseudobulk
    path samples
    tuple val(contrast_id), path(contrast, stageAs: 'contrast/*')

    output:
    path '*/calibration*.csv', emit: tables, optional: true
    path '*.compare_calibration.json', topic: 'facts'
    path '*.compare_calibration.*.png', topic: 'figures', optional: true
    path '*.compare_calibration.*.{svg,pdf}', optional: true

    script:
    """
    exec compare_calibration.py \\
        --composition ${composition} \\
        --pseudobulk ${pseudobulk} \\
        --samples ${samples} \\
        --contrasts ${contrast} \\
        --permutations ${params.permutations} \\
        --min-cells-per-donor ${params.min_cells_per_donor} \\
        --min-donors ${params.min_donors} \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    mkdir ${contrast_id}
    echo 'statistic,observed,permuted_mean,permuted_95,permuted_max,chance_any,p,relabellings' > ${contrast_id}/calibration.csv
    echo '{"step": "compare_calibration", "id": "${contrast_id}"}' > ${contrast_id}.compare_calibration.json
    """
}
