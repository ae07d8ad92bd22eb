// Build the report from the step summaries and figures of all tasks.

include { REPORT_EXPLORE } from './explore'
include { REPORT_GATHER  } from './gather'
include { REPORT_RENDER  } from './render'

workflow REPORT {
    take:
    cells   // value: cells.parquet
    cohort  // value: cohort.h5mu
    subsets // value: subsets.yaml

    main:
    // parameters.json: all parameters of the run
    settings = channel.of(groovy.json.JsonOutput.prettyPrint(groovy.json.JsonOutput.toJson(params)))
        .collectFile(name: 'parameters.json')
    // workflow.json: versions, command, profile, container, start
    about = channel.of(groovy.json.JsonOutput.toJson([
        nextflow: "${nextflow.version}", command: workflow.commandLine, profile: workflow.profile,
        container: "${workflow.container ?: ''}", engine: workflow.containerEngine ?: '', revision: workflow.commitId ?: '',
        started: "${workflow.start}",
    ])).collectFile(name: 'workflow.json')
    REPORT_GATHER(
        channel.topic('facts').flatten().collect(),
        settings,
        file("${projectDir}/nextflow_schema.json"),
        about,
        file("${projectDir}/main.nf"),
    )
    REPORT_EXPLORE(cells, cohort, subsets)
    REPORT_RENDER(
        REPORT_GATHER.out.content,
        channel.topic('figures').flatten().collect().ifEmpty([]),
        REPORT_EXPLORE.out.cells,
    )
    html = REPORT_RENDER.out.html

    emit:
    html
}
