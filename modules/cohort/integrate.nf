include { needs } from '../resources'

process COHORT_INTEGRATE {
    tag 'cohort'
    label 'large'
    ext needs: { needs(task.process, merged) }

    input:
    path merged

    output:
    path 'cohort.embedding.h5', emit: embedding
    path 'cohort.clusters.parquet', emit: clusters
    path '*.cohort_integrate.json', topic: 'facts'
    path '*.cohort_integrate.*.png', topic: 'figures', optional: true
    path '*.cohort_integrate.*.{svg,pdf}', optional: true

    script:
    """
    exec cohort_integrate.py \\
        --merged ${merged} \\
        --hvg ${params.hvg} \\
        --resolution ${params.resolution} \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    touch cohort.embedding.h5 cohort.clusters.parquet
    echo '{"step": "cohort_integrate", "id": "cohort"}' > cohort.cohort_integrate.json
    """
}
