process BIOMARKERS_PANEL {
    tag 'cohort'
    label 'medium'

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
    path 'panel/*.gatingml.xml', emit: gates, optional: true
    path '*.biomarkers_panel.json', topic: 'facts'
    path '*.biomarkers_panel.*.png', topic: 'figures', optional: true
    path '*.biomarkers_panel.*.{svg,pdf}', optional: true, emit: drawings

    script:
    """
    biomarkers_panel.py \\
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
    touch panel/panels.csv panel/gates.csv
    echo '{"step": "biomarkers_panel", "id": "stub"}' > stub.biomarkers_panel.json
    """
}
