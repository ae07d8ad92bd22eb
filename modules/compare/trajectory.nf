include { needs } from '../resources'

process COMPARE_TRAJECTORY {
    tag 'cohort'
    label 'small'
    ext needs: { needs(task.process, cohort) }

    input:
    path cohort
    path embedding
    path cells
    path subsets
    path ambient_genes

    output:
    path '*/trajectory.csv', emit: tables, optional: true
    path '*/trajectory_cells.csv', optional: true
    path '*.compare_trajectory.json', topic: 'facts'
    path '*.compare_trajectory.*.png', topic: 'figures', optional: true
    path '*.compare_trajectory.*.{svg,pdf}', optional: true

    script:
    """
    exec compare_trajectory.py \\
        --cohort ${cohort} \\
        --embedding ${embedding} \\
        --cells ${cells} \\
        --subsets ${subsets} \\
        --ambient-genes ${ambient_genes} \\
        --reference-tissue "${params.reference_tissue}" \\
        --min-cells-per-gene ${params.min_cells_per_gene} \\
        --seed ${params.seed} \\
        --species "${params.species}" \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    mkdir stub
    echo 'kind,feature,correlation,lowest,highest,donors,p_value,fdr,ambient' > stub/trajectory.csv
    echo '{"step": "compare_trajectory", "id": "stub"}' > stub.compare_trajectory.json
    """
}
