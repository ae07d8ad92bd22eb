include { needs } from '../resources'
include { quoted } from '../parameters'

process SAMPLES_LOAD {
    tag "${meta.id}"
    label 'small'
    ext needs: { needs(task.process, [counts, raw_counts]) }

    input:
    tuple val(meta), path(counts, stageAs: 'counts/*'), path(raw_counts, stageAs: 'raw_counts/*'), path(hashtag_counts, stageAs: 'hashtag_counts/*'), path(adt_counts, stageAs: 'adt_counts/*'), val(rows)

    output:
    tuple val(meta), path("${meta.id}.h5mu"), path("${meta.id}.droplets.h5mu"), emit: library
    path "${meta.id}.samples_load.json", topic: 'facts'
    path "${meta.id}.samples_load.*.png", topic: 'figures', optional: true
    path "${meta.id}.samples_load.*.{svg,pdf}", optional: true

    script:
    """
    exec samples_load.py \\
        --id ${meta.id} \\
        --samples <(printf %s ${quoted(rows)}) \\
        --counts counts/* \\
        ${raw_counts ? '--raw-counts raw_counts/*' : ''} \\
        ${hashtag_counts ? '--hashtag-counts hashtag_counts/*' : ''} \\
        ${adt_counts ? '--adt-counts adt_counts/*' : ''} \\
        --min-genes ${params.min_genes} \\
        --max-genes ${params.max_genes} \\
        --max-pct-mt '${params.max_pct_mt}' \\
        --qc-mads ${params.qc_mads} \\
        --species "${params.species}" \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    # given: ${rows.md5()}
    touch ${meta.id}.h5mu ${meta.id}.droplets.h5mu
    echo '{"step": "samples_load", "id": "${meta.id}", "status": "done"}' > ${meta.id}.samples_load.json
    """
}
