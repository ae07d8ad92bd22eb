process COMPARE_TISSUE_BLOOD {
    tag 'cohort'
    label 'small'

    input:
    path pseudobulk
    path composition
    path cells
    path samples

    output:
    path '*/tissue_blood.csv', emit: tables, optional: true
    path '*.compare_tissue_blood.json', topic: 'facts'
    path '*.compare_tissue_blood.*.png', topic: 'figures', optional: true
    path '*.compare_tissue_blood.*.{svg,pdf}', optional: true

    script:
    """
    exec compare_tissue_blood.py \\
        --pseudobulk ${pseudobulk} \\
        --composition ${composition} \\
        --cells ${cells} \\
        --samples ${samples} \\
        --reference-tissue "${params.reference_tissue}" \\
        --min-cells-per-donor ${params.min_cells_per_donor} \\
        --min-donors ${params.min_donors} \\
        --seed ${params.seed} \\
        --species "${params.species}" \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    mkdir stub
    echo 'tissue,kind,level,subset,feature,effect,p_value,fdr,donors_tissue,donors_reference,effect_given_stress,p_given_stress,stress_gene,stress_flag,ambient_share,ambient_flag,quality,worst_p,influential_donor,lowest_effect,highest_effect,without_counterpart' > stub/tissue_blood.csv
    echo '{"step": "compare_tissue_blood", "id": "stub"}' > stub.compare_tissue_blood.json
    """
}
