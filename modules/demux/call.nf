include { needs } from '../resources'
include { quoted } from '../parameters'

process DEMUX_CALL {
    tag "${meta.id}"
    label 'small'
    ext needs: { needs(task.process, library) }

    input:
    tuple val(meta), path(library), val(rows)

    output:
    tuple val(meta), path("${meta.id}.demux_call.parquet"), path("${meta.id}.demux_posteriors.parquet"), emit: calls
    path "${meta.id}.demux_call.json", topic: 'facts'
    path "${meta.id}.demux_call.*.png", topic: 'figures', optional: true
    path "${meta.id}.demux_call.*.{svg,pdf}", optional: true

    script:
    """
    exec demux_call.py \\
        --id ${meta.id} \\
        --hashtag-counts ${library} \\
        --samples <(printf %s ${quoted(rows)}) \\
        --method ${params.demux_method} \\
        --doublet-weight ${params.doublet_weight} \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    # given: ${rows.md5()}
    touch ${meta.id}.demux_call.parquet ${meta.id}.demux_posteriors.parquet
    echo '{"step": "demux_call", "id": "${meta.id}", "status": "done"}' > ${meta.id}.demux_call.json
    """
}
