process COMPARE_EXPRESSION {
    tag 'cohort'
    label 'medium'

    input:
    path pseudobulk
    path samples
    path contrasts

    output:
    path '*/expression.csv', emit: tables, optional: true
    path '*.compare_expression.json', topic: 'facts'
    path '*.compare_expression.*.png', topic: 'figures', optional: true
    path '*.compare_expression.*.svg', optional: true, emit: drawings

    script:
    """
    compare_expression.py \\
        --pseudobulk ${pseudobulk} \\
        --samples ${samples} \\
        --contrasts ${contrasts} \\
        --min-cells-per-donor ${params.min_cells_per_donor} \\
        --min-donors ${params.min_donors} \\
        --threads ${task.cpus} \\
        --species "${params.species}" \\
        ${task.ext.args ?: ''}
    """

    stub:
    """
    mkdir stub
    echo 'contrast_id,level,subset,gene,log2_fold_change,statistic,p_value,fdr' > stub/expression.csv
    echo '{"step": "compare_expression", "id": "stub"}' > stub.compare_expression.json
    """
}
