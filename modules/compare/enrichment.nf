process COMPARE_ENRICHMENT {
    tag 'cohort'
    label 'small'

    input:
    path tables, stageAs: 'tables/?/*'
    path pseudobulk
    path contrasts
    path samples
    path gene_sets, stageAs: 'gene_sets/?/*'
    path subsets

    output:
    path '*/enrichment.csv', emit: tables, optional: true
    path '*.compare_enrichment.json', topic: 'facts'
    path '*.compare_enrichment.*.png', topic: 'figures', optional: true
    path '*.compare_enrichment.*.svg', optional: true, emit: drawings

    script:
    """
    compare_enrichment.py \\
        --tables tables \\
        --pseudobulk ${pseudobulk} \\
        --contrasts ${contrasts} \\
        --samples ${samples} \\
        --gene-sets gene_sets \\
        --subsets ${subsets} \\
        --min-cells-per-donor ${params.min_cells_per_donor} \\
        --min-donors ${params.min_donors} \\
        --species "${params.species}" \\
        ${task.ext.args ?: ''}
    """

    stub:
    """
    mkdir stub
    echo 'level,subset,source,gene_set,genes,direction,p_value,fdr' > stub/enrichment.csv
    echo '{"step": "compare_enrichment", "id": "stub"}' > stub.compare_enrichment.json
    """
}
