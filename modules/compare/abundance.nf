process COMPARE_ABUNDANCE {
    tag 'cohort'
    label 'medium'

    input:
    path cohort
    path cells
    path samples
    path contrasts

    output:
    path '*/abundance.csv', emit: tables, optional: true
    path '*.compare_abundance.json', topic: 'facts'
    path '*.compare_abundance.*.png', topic: 'figures', optional: true
    path '*.compare_abundance.*.svg', optional: true, emit: drawings

    script:
    """
    compare_abundance.py \\
        --cohort ${cohort} \\
        --cells ${cells} \\
        --samples ${samples} \\
        --contrasts ${contrasts} \\
        --seed ${params.seed} \\
        --min-donors ${params.min_donors} \\
        ${task.ext.args ?: ''}
    """

    stub:
    """
    mkdir stub
    echo 'contrast_id,neighbourhood,cell,subset,cells,log2_fold_change,p_value,spatial_fdr' > stub/abundance.csv
    echo '{"step": "compare_abundance", "id": "stub"}' > stub.compare_abundance.json
    """
}
