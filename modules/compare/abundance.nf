include { needs } from '../resources'

process COMPARE_ABUNDANCE {
    tag "${contrast_id}"
    label 'medium'
    ext needs: { needs(task.process, cohort) }

    input:
    path cohort
    path cells
    path samples
    tuple val(contrast_id), path(contrast, stageAs: 'contrast/*')

    output:
    path '*/abundance.csv', emit: tables, optional: true
    path '*.compare_abundance.json', topic: 'facts'
    path '*.compare_abundance.*.png', topic: 'figures', optional: true
    path '*.compare_abundance.*.{svg,pdf}', optional: true

    script:
    """
    exec compare_abundance.py \\
        --cohort ${cohort} \\
        --cells ${cells} \\
        --samples ${samples} \\
        --contrasts ${contrast} \\
        --seed ${params.seed} \\
        --min-donors ${params.min_donors} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    mkdir ${contrast_id}
    echo 'contrast_id,neighbourhood,index_cell,level,subset,subset_fraction,cells,donors,log2_fold_change,p_value,spatial_fdr' > ${contrast_id}/abundance.csv
    echo '{"step": "compare_abundance", "id": "${contrast_id}"}' > ${contrast_id}.compare_abundance.json
    """
}
