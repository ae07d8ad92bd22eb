include { needs } from '../resources'

process SUBSETS_TISSUE {
    tag 'cohort'
    label 'medium'
    ext needs: { needs(task.process, merged) }

    input:
    path merged
    path embedding
    path subsets

    output:
    path 'tissue_states.parquet', emit: states
    path 'tissue_states.csv'
    path '*.subsets_tissue.json', topic: 'facts'
    path '*.subsets_tissue.*.png', topic: 'figures', optional: true
    path '*.subsets_tissue.*.{svg,pdf}', optional: true

    script:
    """
    exec subsets_tissue.py \\
        --merged ${merged} \\
        --embedding ${embedding} \\
        --subsets ${subsets} \\
        --reference-tissue '${params.reference_tissue}' \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    touch tissue_states.parquet
    echo 'tissue,lineage,subset,cells,donors,counterpart_distance,relative_distance,counterpart_share,counterpart,reference_cells,without_counterpart' > tissue_states.csv
    echo '{"step": "subsets_tissue", "id": "cohort"}' > cohort.subsets_tissue.json
    """
}
