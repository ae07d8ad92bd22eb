include { needs } from '../resources'

process COMPARE_LIGAND_RECEPTOR {
    tag 'cohort'
    label 'medium'
    ext needs: { needs(task.process, cohort) }

    input:
    path cohort
    path cells
    path subsets
    path ambient_genes

    output:
    path '*/ligand_receptor.csv', emit: tables, optional: true
    path '*/ligand_receptor_questions.csv', optional: true
    path '*.compare_ligand_receptor.json', topic: 'facts'
    path '*.compare_ligand_receptor.*.png', topic: 'figures', optional: true
    path '*.compare_ligand_receptor.*.{svg,pdf}', optional: true

    script:
    """
    exec compare_ligand_receptor.py \\
        --cohort ${cohort} \\
        --cells ${cells} \\
        --subsets ${subsets} \\
        --ambient-genes ${ambient_genes} \\
        --reference-tissue "${params.reference_tissue}" \\
        --min-cells-per-subset ${params.min_cells_per_subset} \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    mkdir stub
    echo 'tissue,sender,receiver,ligand,receptor,magnitude_rank,specificity_rank,donors,donors_tested,in_question,ambient' > stub/ligand_receptor.csv
    echo '{"step": "compare_ligand_receptor", "id": "stub"}' > stub.compare_ligand_receptor.json
    """
}
