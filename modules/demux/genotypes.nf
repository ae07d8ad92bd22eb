include { quoted } from '../parameters'

process DEMUX_GENOTYPES {
    tag "${meta.id}"
    label 'small'

    input:
    tuple val(meta), path(library), path(calls), path(posteriors), path(genotypes, stageAs: 'genotypes/*'), path(cell_samples, stageAs: 'cell_samples/*'), val(rows)

    output:
    tuple val(meta), path("${meta.id}.demux_genotypes.parquet"), emit: assignments
    path "${meta.id}.demux_genotypes.json", topic: 'facts'
    path "${meta.id}.demux_genotypes.*.png", topic: 'figures', optional: true
    path "${meta.id}.demux_genotypes.*.{svg,pdf}", optional: true

    script:
    def given = genotypes ? "--genotypes '${genotypes}'" : cell_samples ? "--cell-samples '${cell_samples}'" : ''
    """
    exec demux_genotypes.py \\
        --id ${meta.id} \\
        --library ${library} \\
        --calls ${calls} \\
        --posteriors ${posteriors} \\
        --samples <(printf %s ${quoted(rows)}) \\
        ${given} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    # given: ${rows.md5()}
    touch ${meta.id}.demux_genotypes.parquet
    echo '{"step": "demux_genotypes", "id": "${meta.id}", "status": "done"}' > ${meta.id}.demux_genotypes.json
    """
}
