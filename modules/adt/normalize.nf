include { needs } from '../resources'
include { quoted } from '../parameters'

process ADT_NORMALIZE {
    tag "${meta.id}"
    label 'medium'
    ext needs: { needs(task.process, h5mu) }

    input:
    tuple val(meta), path(h5mu), path(droplets), val(methods)
    path panel_map

    output:
    tuple val(meta), path("${meta.id}.adt_normalize.parquet"), path("${meta.id}.adt_panel.csv"), emit: normalized
    tuple val(meta), path("${meta.id}.adt_cells.parquet"), emit: cells
    path "${meta.id}.adt_quality.csv", emit: quality
    path '*.adt_normalize.json', topic: 'facts'
    path '*.adt_normalize.*.png', topic: 'figures', optional: true
    path '*.adt_normalize.*.{svg,pdf}', optional: true

    script:
    """
    exec adt_normalize.py \\
        --id ${meta.id} \\
        --library ${h5mu} \\
        --droplets ${droplets} \\
        --methods <(printf %s ${quoted(methods)}) \\
        ${panel_map ? "--panel-map ${panel_map}" : ''} \\
        --isotypes '${params.isotypes ?: ''}' \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    # given: ${methods.md5()}
    touch ${meta.id}.adt_normalize.parquet ${meta.id}.adt_cells.parquet
    echo 'feature,protein,clone,gene,is_isotype,matched,method' > ${meta.id}.adt_panel.csv
    echo 'feature,protein,clone,gene,is_isotype,mean_count,detected,ambient_mean,signal_to_background,above_background,bimodal,separation,stain_index,threshold,threshold_low,threshold_high,threshold_source,positive_fraction,rna_correlation,swapped_with,quality_class,meaning' > ${meta.id}.adt_quality.csv
    echo '{"step": "adt_normalize", "id": "${meta.id}", "status": "done"}' > ${meta.id}.adt_normalize.json
    """
}
