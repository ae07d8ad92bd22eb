include { needs } from '../resources'

process SUBSETS_SIGNATURES {
    tag 'cohort'
    label 'medium'
    ext needs: { needs(task.process, merged) }

    input:
    path merged
    path subsets
    path gene_sets, stageAs: 'gene_sets/?/*'

    output:
    path 'signatures.parquet', emit: signatures
    path 'signatures_by_subset.csv'
    path '*.subsets_signatures.json', topic: 'facts'
    path '*.subsets_signatures.*.png', topic: 'figures', optional: true
    path '*.subsets_signatures.*.{svg,pdf}', optional: true

    script:
    """
    exec subsets_signatures.py \\
        --merged ${merged} \\
        --subsets ${subsets} \\
        --gene-sets gene_sets \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    touch signatures.parquet
    echo 'sample,donor,tissue,lineage,subset,cells' > signatures_by_subset.csv
    echo '{"step": "subsets_signatures", "id": "cohort"}' > cohort.subsets_signatures.json
    """
}
