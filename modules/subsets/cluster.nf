include { needs } from '../resources'

process SUBSETS_CLUSTER {
    tag 'cohort'
    label 'large'
    ext needs: { needs(task.process, merged) }

    input:
    path merged
    path embedding
    path subsets

    output:
    path 'subsets.parquet', emit: subsets
    path 'subset_scores.parquet', emit: scores
    path 'subset_clusters.csv'
    path 'subset_resolutions.csv'
    path 'subset_maps.parquet'
    path 'subset_embedding.parquet', emit: embedding
    path '*.subsets_cluster.json', topic: 'facts'
    path '*.subsets_cluster.*.png', topic: 'figures', optional: true
    path '*.subsets_cluster.*.{svg,pdf}', optional: true

    script:
    """
    exec subsets_cluster.py \\
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
    echo 'lineage,cluster,cells,donors,subset,best,score,margin,margin_low,support,shown,second,donor_share,library_share,flag,detection,strongest' > subset_clusters.csv
    echo 'resolution,clusters,stability,spread,lineage' > subset_resolutions.csv
    echo '{"step": "subsets_cluster", "id": "cohort"}' > cohort.subsets_cluster.json
    """
}
