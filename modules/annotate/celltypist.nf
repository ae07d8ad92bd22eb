include { needs } from '../resources'
include { quoted } from '../parameters'

process ANNOTATE_CELLTYPIST {
    tag "${meta.id}"
    label 'medium'
    ext needs: { needs(task.process, counts) }

    input:
    tuple val(meta), path(counts), val(rows)
    path models
    path lineages, stageAs: 'lineages/*'

    output:
    tuple val(meta), path("${meta.id}.annotate_celltypist.parquet"), emit: labels
    path "${meta.id}.annotate_celltypist.json", topic: 'facts'
    path "${meta.id}.annotate_celltypist.*.png", topic: 'figures', optional: true
    path "${meta.id}.annotate_celltypist.*.{svg,pdf}", optional: true

    script:
    """
    exec annotate_celltypist.py \\
        --id ${meta.id} \\
        --counts ${counts} \\
        --model ${models} \\
        --samples <(printf %s ${quoted(rows)}) \\
        ${lineages ? "--lineages ${lineages}" : ''} \\
        --mode ${params.celltypist_mode} \\
        --majority-voting ${params.majority_voting} \\
        --seed ${params.seed} \\
        --species "${params.species}" \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    # given: ${rows.md5()}
    touch ${meta.id}.annotate_celltypist.parquet
    echo '{"step": "annotate_celltypist", "id": "${meta.id}", "status": "done"}' > ${meta.id}.annotate_celltypist.json
    """
}
