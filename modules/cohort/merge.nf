include { largest } from '../resources'
include { needs } from '../resources'

process COHORT_MERGE {
    tag 'cohort'
    label 'medium'
    ext needs: { needs(task.process, largest(libraries)) }

    input:
    path libraries, stageAs: 'libraries/*'
    path 'fragments/*'

    output:
    path 'merged.h5mu', emit: merged
    path '*.cohort_merge.json', topic: 'facts'
    path '*.cohort_merge.*.png', topic: 'figures', optional: true
    path '*.cohort_merge.*.{svg,pdf}', optional: true

    script:
    """
    exec cohort_merge.py \\
        --libraries libraries \\
        --fragments fragments \\
        --genes ${params.genes} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    touch merged.h5mu
    echo '{"step": "cohort_merge", "id": "cohort"}' > cohort.cohort_merge.json
    """
}
