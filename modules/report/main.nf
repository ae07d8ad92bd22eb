// The one report, from the facts and figures of every task.

include { REPORT_GATHER } from './gather'
include { REPORT_RENDER } from './render'

workflow REPORT {
    main:
    settings = channel.of(groovy.json.JsonOutput.prettyPrint(groovy.json.JsonOutput.toJson(params)))
        .collectFile(name: 'parameters.json')
    REPORT_GATHER(channel.topic('facts').flatten().collect(), channel.topic('figures').flatten().collect().ifEmpty([]), settings)
    REPORT_RENDER(REPORT_GATHER.out.content)
    html = REPORT_RENDER.out.html

    emit:
    html
}
