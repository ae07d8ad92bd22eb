process COMPARE_STAGE {
    tag 'cohort'
    label 'small'

    input:
    path composition
    path pseudobulk
    path cells
    path samples

    output:
    path '*/stage*.csv', emit: tables, optional: true
    path '*.compare_stage.json', topic: 'facts'
    path '*.compare_stage.*.png', topic: 'figures', optional: true
    path '*.compare_stage.*.{svg,pdf}', optional: true

    script:
    """
    exec compare_stage.py \\
        --composition ${composition} \\
        --pseudobulk ${pseudobulk} \\
        --cells ${cells} \\
        --samples ${samples} \\
        --stage-features '${params.stage_features}' \\
        --min-cells-per-sample ${params.min_cells_per_sample} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    mkdir stub
    echo 'kind,feature,unit,donor,tissue,stage,order,value,reference_mean,reference_sd,z' > stub/stage.csv
    echo '{"step": "compare_stage", "id": "cohort"}' > cohort.compare_stage.json
    """
}
