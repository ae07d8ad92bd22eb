include { needs } from '../resources'
include { quoted } from '../parameters'

process SAMPLES_DOUBLETS {
    tag "${meta.id}"
    label 'medium'
    ext needs: { needs(task.process, library) }

    input:
    tuple val(meta), path(library), path(_droplets), val(capture_cells)

    output:
    tuple val(meta), path("${meta.id}.samples_doublets.parquet"), emit: doublets
    path "${meta.id}.samples_doublets.json", topic: 'facts'
    path "${meta.id}.samples_doublets.*.png", topic: 'figures', optional: true
    path "${meta.id}.samples_doublets.*.{svg,pdf}", optional: true

    script:
    """
    exec samples_doublets.py \\
        --id ${meta.id} \\
        --library ${library} \\
        --capture-cells <(printf %s ${quoted(capture_cells)}) \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    # given: ${capture_cells.md5()}
    touch ${meta.id}.samples_doublets.parquet
    echo '{"step": "samples_doublets", "id": "${meta.id}", "status": "done"}' > ${meta.id}.samples_doublets.json
    """
}
