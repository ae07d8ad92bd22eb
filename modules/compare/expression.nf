process COMPARE_EXPRESSION {
    tag "${contrast_id}"
    label 'medium'

    input:
    path pseudobulk
    path samples
    tuple val(contrast_id), path(contrast, stageAs: 'contrast/*')

    output:
    tuple val(contrast_id), path('*/expression.csv'), emit: tables, optional: true
    path '*/protein.csv', optional: true
    path '*.compare_expression.json', topic: 'facts'
    path '*.compare_expression.*.png', topic: 'figures', optional: true
    path '*.compare_expression.*.{svg,pdf}', optional: true

    script:
    """
    exec compare_expression.py \\
        --pseudobulk ${pseudobulk} \\
        --samples ${samples} \\
        --contrasts ${contrast} \\
        --min-cells-per-donor ${params.min_cells_per_donor} \\
        --min-donors ${params.min_donors} \\
        --threads ${task.cpus} \\
        --species "${params.species}" \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    mkdir ${contrast_id}
    echo 'contrast_id,level,subset,gene,base_mean,log2_fold_change,standard_error,low,high,shrunken_log2_fold_change,statistic,p_value,fdr,fdr_contrast,donors_target,donors_reference,stress_gene,quality,ambient_share,outlier,effect_given_stress,p_given_stress,stress_flag,worst_p,influential_donor,lowest_effect,highest_effect' > ${contrast_id}/expression.csv
    echo 'contrast_id,level,subset,protein,effect,low,high,p_value,fdr,fdr_contrast,donors_target,donors_reference,effect_given_stress,p_given_stress,stress_flag,worst_p,influential_donor,lowest_effect,highest_effect' > ${contrast_id}/protein.csv
    echo '{"step": "compare_expression", "id": "${contrast_id}"}' > ${contrast_id}.compare_expression.json
    """
}
