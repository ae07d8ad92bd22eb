process ANNOTATE_MODEL {
    tag 'cohort'
    label 'tiny'

    input:
    path given, stageAs: 'given?/*'
    path cache

    output:
    path 'models', emit: models
    path 'cohort.annotate_model.json', topic: 'facts'

    script:
    """
    exec annotate_model.py \\
        --model '${params.celltypist_model ?: ''}' \\
        ${[given].flatten().collect { file -> "--given ${file}" }.join(' ')} \\
        ${cache ? "--cache ${cache}" : ''} \\
        --sha256 '${params.celltypist_model_sha256 ?: ''}' \\
        --output models \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    mkdir models
    echo 'tissue,file,name,cell_types,genes,date,version,sha256' > models/models.csv
    echo '{"step": "annotate_model", "id": "cohort", "status": "done"}' > cohort.annotate_model.json
    """
}
