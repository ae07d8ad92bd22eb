include { needs } from '../resources'

process SUBSETS_COLLECT {
    tag 'cohort'
    label 'medium'
    ext needs: { needs(task.process, merged) }

    input:
    path merged
    path embedding
    path clusters
    path subsets
    path scores
    path signatures
    path tissue_states
    path samples

    output:
    path 'cohort.h5mu', emit: cohort
    path 'cells.parquet', emit: cells
    path '*.subsets_collect.json', topic: 'facts'
    path '*.subsets_collect.*.png', topic: 'figures', optional: true
    path '*.subsets_collect.*.{svg,pdf}', optional: true

    script:
    """
    exec subsets_collect.py \\
        --merged ${merged} \\
        --embedding ${embedding} \\
        --clusters ${clusters} \\
        --subsets ${subsets} \\
        --scores ${scores} \\
        --signatures ${signatures} \\
        --tissue-states ${tissue_states} \\
        --samples ${samples} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    touch cohort.h5mu cells.parquet
    echo '{"step": "subsets_collect", "id": "cohort"}' > cohort.subsets_collect.json
    """
}
