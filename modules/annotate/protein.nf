process ANNOTATE_PROTEIN {
    tag "${meta.id}"
    label 'small'

    input:
    tuple val(meta), path(labels), path(proteins), path(panel)

    output:
    tuple val(meta), path("${meta.id}.annotate_protein.parquet"), emit: labels
    path "${meta.id}.annotate_protein.json", topic: 'facts'
    path "${meta.id}.annotate_protein.*.png", topic: 'figures', optional: true
    path "${meta.id}.annotate_protein.*.{svg,pdf}", optional: true

    script:
    """
    exec annotate_protein.py \\
        --id ${meta.id} \\
        --labels ${labels} \\
        --proteins ${proteins} \\
        --panel ${panel} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    touch ${meta.id}.annotate_protein.parquet
    echo '{"step": "annotate_protein", "id": "${meta.id}", "status": "done"}' > ${meta.id}.annotate_protein.json
    """
}
