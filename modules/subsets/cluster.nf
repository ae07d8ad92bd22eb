process SUBSETS_CLUSTER {
    tag 'cohort'
    label 'large'

    input:
    path merged
    path embedding
    path subsets

    output:
    path 'subsets.parquet', emit: subsets
    path 'subset_scores.parquet', emit: scores
    path 'subset_clusters.csv', emit: clusters
    path 'subset_resolutions.csv', emit: resolutions
    path 'subset_maps.parquet', emit: maps
    path 'subset_embedding.parquet', emit: embedding
    path '*.subsets_cluster.json', topic: 'facts'
    path '*.subsets_cluster.*.png', topic: 'figures', optional: true
    path '*.subsets_cluster.*.{svg,pdf}', optional: true, emit: drawings

    script:
    """
    subsets_cluster.py \\
        --merged ${merged} \\
        --embedding ${embedding} \\
        --subsets ${subsets} \\
        ${params.subset_resolution ? "--resolution ${params.subset_resolution}" : ''} \\
        --majority-voting ${params.majority_voting} \\
        --seed ${params.seed} \\
        --species "${params.species}" \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    touch subsets.parquet subset_scores.parquet subset_maps.parquet subset_embedding.parquet
    echo 'lineage,cluster,cells,subset' > subset_clusters.csv
    echo 'lineage,resolution' > subset_resolutions.csv
    echo '{"step": "subsets_cluster", "id": "cohort"}' > cohort.subsets_cluster.json
    """
}
