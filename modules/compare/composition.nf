process COMPARE_COMPOSITION {
    tag "${contrast_id}"
    label 'small'

    input:
    path composition
    path samples
    tuple val(contrast_id), path(contrast, stageAs: 'contrast/*')

    output:
    path '*/composition*.csv', emit: tables, optional: true
    path '*.compare_composition.json', topic: 'facts', emit: summaries
    path '*.compare_composition.*.png', topic: 'figures', optional: true
    path '*.compare_composition.*.{svg,pdf}', optional: true

    script:
    """
    exec compare_composition.py \\
        --composition ${composition} \\
        --samples ${samples} \\
        --contrasts ${contrast} \\
        --permutations ${params.permutations} \\
        --min-donors ${params.min_donors} \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    mkdir ${contrast_id}
    echo 'measure,level,parent,subset,donors_reference,donors_target,percent_reference,percent_target,fold_change,fold_change_low,fold_change_high,family_p,log_ratio_p,log_ratio_fdr,permutation_p,permutation_family_p,share_fold_change,share_p,share_fdr,share_family_p,ks_d,ks_p,ks_bonferroni,spread_ratio,welch_p,agreement,found_by,finding,note,worst_p,influential_donor,fold_change_lowest,fold_change_highest,one_donor,absent_in,fold_change_given_stress,p_given_stress,stress_flag' > ${contrast_id}/composition.csv
    echo '{"step": "compare_composition", "id": "${contrast_id}"}' > ${contrast_id}.compare_composition.json
    """
}
