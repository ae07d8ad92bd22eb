process COMPARE_ENRICHMENT {
    tag "${contrast_id}"
    label 'small'

    input:
    tuple val(contrast_id), path(contrast, stageAs: 'contrast/*'), path(expression)
    path pseudobulk
    path samples
    path gene_sets, stageAs: 'gene_sets/?/*'
    path subsets

    output:
    path '*/enrichment.csv', emit: tables, optional: true
    path '*.compare_enrichment.json', topic: 'facts'
    path '*.compare_enrichment.*.png', topic: 'figures', optional: true
    path '*.compare_enrichment.*.{svg,pdf}', optional: true

    script:
    """
    exec compare_enrichment.py \\
        --pseudobulk ${pseudobulk} \\
        ${contrast ? "--contrasts ${contrast}" : ''} \\
        ${expression ? "--expression ${expression}" : ''} \\
        --samples ${samples} \\
        --gene-sets gene_sets \\
        --subsets ${subsets} \\
        --min-cells-per-donor ${params.min_cells_per_donor} \\
        --min-donors ${params.min_donors} \\
        --species "${params.species}" \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    mkdir ${contrast_id}
    echo 'contrast_id,level,subset,source,gene_set,genes,overlap,effect,enrichment_score,p_value,fdr,p_without_stress,p_given_stress,worst_p,influential_donor,lowest_effect,highest_effect,leading_genes' > ${contrast_id}/enrichment.csv
    echo '{"step": "compare_enrichment", "id": "${contrast_id}"}' > ${contrast_id}.compare_enrichment.json
    """
}
