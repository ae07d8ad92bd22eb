process BIOMARKERS_DONORS {
    tag 'cohort'
    label 'small'

    input:
    path composition
    path pseudobulk
    path cells
    path quality, stageAs: 'quality/*'
    path samples
    path contrasts
    path definitions

    output:
    path 'donors/*.csv', emit: tables
    path '*.biomarkers_donors.json', topic: 'facts'
    path '*.biomarkers_donors.*.png', topic: 'figures', optional: true
    path '*.biomarkers_donors.*.{svg,pdf}', optional: true

    script:
    """
    exec biomarkers_donors.py \\
        --composition ${composition} \\
        --pseudobulk ${pseudobulk} \\
        --cells ${cells} \\
        --quality quality \\
        --samples ${samples} \\
        --contrasts ${contrasts} \\
        --subsets ${definitions} \\
        --reference-tissue '${params.reference_tissue}' \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    mkdir donors
    echo 'variable,comparison,assessed_by,donors,donors_reference,donors_target,without_value,features,auc,auc_low,auc_high,p_value,family_p,smallest_p,features_found,best_feature,adjusted_for,not_assessed' > donors/variables.csv
    echo '{"step": "biomarkers_donors", "id": "cohort"}' > cohort.biomarkers_donors.json
    """
}
