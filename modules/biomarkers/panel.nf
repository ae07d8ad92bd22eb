include { needs } from '../resources'

process BIOMARKERS_PANEL {
    tag 'cohort'
    label 'medium'
    ext needs: { needs(task.process, cohort) }

    input:
    path cohort
    path cells
    path quality, stageAs: 'quality/*'
    path summaries, stageAs: 'summaries/*'
    path samples
    path contrasts
    path definitions
    path surface_genes

    output:
    path 'panel/*.csv', emit: tables
    path 'panel/*.gatingml.xml', optional: true
    path '*.biomarkers_panel.json', topic: 'facts'
    path '*.biomarkers_panel.*.png', topic: 'figures', optional: true
    path '*.biomarkers_panel.*.{svg,pdf}', optional: true

    script:
    """
    exec biomarkers_panel.py \\
        --cohort ${cohort} \\
        --cells ${cells} \\
        --quality quality \\
        --summaries summaries \\
        --samples ${samples} \\
        --contrasts ${contrasts} \\
        --subsets ${definitions} \\
        --surface-genes ${surface_genes} \\
        --reference-tissue '${params.reference_tissue}' \\
        --seed ${params.seed} \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    mkdir panel
    echo 'subset,tissue,step,biplot,gates,protein,antibody,clone,gate,low,high,unit,support,quality_class' > panel/gates.csv
    echo 'subset,lineage,tissue,requested_by,status,validation,panel,lineage_panel,antibodies,purity,yield,f1,purity_of_all_cells,yield_of_all_cells,f1_of_all_cells,f1_without_gates,p_value,cells,donors,percent_of_lineage,rna_auroc,protein_auroc,note' > panel/panels.csv
    echo '{"step": "biomarkers_panel", "id": "stub"}' > stub.biomarkers_panel.json
    """
}
