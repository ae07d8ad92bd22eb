process COMPARE_IDENTITY {
    tag 'cohort'
    label 'small'

    input:
    path pseudobulk
    path cells
    path samples
    path 'genes/*'

    output:
    path 'identity.csv', emit: table
    path '*.compare_identity.json', topic: 'facts'
    path '*.compare_identity.*.png', topic: 'figures', optional: true
    path '*.compare_identity.*.{svg,pdf}', optional: true

    script:
    """
    exec compare_identity.py \\
        --pseudobulk ${pseudobulk} \\
        --cells ${cells} \\
        --samples ${samples} \\
        --genes genes \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    echo 'sample,donor,tissue,library,sex_recorded,sex_expressed,female_cpm,male_cpm,same_donor,resembles,other,genotype,genotype_share,pc_1,pc_2,distance,outlier,composition_distance,unusual_lineage,doubt' > identity.csv
    echo '{"step": "compare_identity", "id": "cohort"}' > cohort.compare_identity.json
    """
}
