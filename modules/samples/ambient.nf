include { needs } from '../resources'

process SAMPLES_AMBIENT {
    tag "${meta.id}"
    label 'medium'
    ext needs: { needs(task.process, library) }

    input:
    tuple val(meta), path(library), path(_droplets)

    output:
    tuple val(meta), path("${meta.id}.samples_ambient.parquet"), emit: fractions
    path "${meta.id}.ambient_profile.parquet", emit: profile
    tuple val(meta), path("corrected/${meta.id}.h5mu"), emit: corrected, optional: true
    path "${meta.id}.samples_ambient.json", topic: 'facts'
    path "${meta.id}.samples_ambient.*.png", topic: 'figures', optional: true
    path "${meta.id}.samples_ambient.*.{svg,pdf}", optional: true

    script:
    """
    exec samples_ambient.py \\
        --id ${meta.id} \\
        --library ${library} \\
        --ambient-rna ${params.ambient_rna} \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    touch ${meta.id}.samples_ambient.parquet ${meta.id}.ambient_profile.parquet
    ${params.ambient_rna == 'correct' ? "mkdir corrected && touch corrected/${meta.id}.h5mu" : ''}
    echo '{"step": "samples_ambient", "id": "${meta.id}", "status": "done"}' > ${meta.id}.samples_ambient.json
    """
}
