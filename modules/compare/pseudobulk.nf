include { needs } from '../resources'

process COMPARE_PSEUDOBULK {
    tag 'cohort'
    label 'medium'
    ext needs: { needs(task.process, cohort) }

    input:
    path cohort
    path cells
    path 'profiles/*'

    output:
    path 'pseudobulk.h5ad', emit: pseudobulk
    path 'composition.csv', emit: composition
    path 'ambient_genes.csv', emit: ambient_genes
    path '*.compare_pseudobulk.json', topic: 'facts'
    path '*.compare_pseudobulk.*.png', topic: 'figures', optional: true
    path '*.compare_pseudobulk.*.{svg,pdf}', optional: true

    script:
    """
    mkdir -p profiles
    exec compare_pseudobulk.py \\
        --cohort ${cohort} \\
        --cells ${cells} \\
        --ambient-profiles profiles \\
        --output pseudobulk.h5ad \\
        --composition composition.csv \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    touch pseudobulk.h5ad
    echo 'sample,donor,tissue,level,parent,subset,cells,parent_cells,total_cells,stress_score' > composition.csv
    echo 'tissue,subset,gene,ambient_share' > ambient_genes.csv
    echo '{"step": "compare_pseudobulk", "id": "cohort"}' > cohort.compare_pseudobulk.json
    """
}
