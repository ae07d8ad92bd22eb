include { needs } from '../resources'
include { quoted } from '../parameters'

process SAMPLES_CHECK {
    tag "${meta.id}"
    label 'small'
    ext needs: { needs(task.process, [counts, raw_counts]) }

    input:
    tuple val(meta), path(counts, stageAs: 'counts/*'), path(raw_counts, stageAs: 'raw_counts/*'), path(hashtag_counts, stageAs: 'hashtag_counts/*'), path(adt_counts, stageAs: 'adt_counts/*'), path(genotype_calls, stageAs: 'genotype_calls/*'), path(cell_samples, stageAs: 'cell_samples/*'), val(given)

    output:
    path "${meta.id}.check.json", emit: check
    path "${meta.id}.samples_check.json", topic: 'facts'

    script:
    """
    exec samples_check.py \\
        --id ${meta.id} \\
        --library <(printf %s ${quoted(given)}) \\
        --folders \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    # given: ${given.md5()}
    touch ${meta.id}.check.json
    echo '{"step": "samples_check", "id": "${meta.id}", "status": "done"}' > ${meta.id}.samples_check.json
    """
}
