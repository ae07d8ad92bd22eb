process ADT_METHOD {
    tag 'cohort'
    label 'small'

    input:
    path files, stageAs: 'libraries/*'

    output:
    path 'adt_method.csv', emit: method
    path '*.adt_method.json', topic: 'facts'

    script:
    """
    exec adt_method.py \\
        --method '${params.adt_method}' \\
        --output adt_method.csv \\
        libraries/* \\
        ${task.ext.args ?: ''} # code: ${task.ext.code ?: 'in the image'}
    """

    stub:
    """
    (echo 'library_id,method,reason'; for file in libraries/*.droplets.h5mu; do echo "\$(basename "\$file" .droplets.h5mu),dsb,stub"; done) > adt_method.csv
    echo '{"step": "adt_method", "id": "cohort", "status": "done"}' > cohort.adt_method.json
    """
}
