// What a task needs, from the size of its count files: assets/resources.json, which benchmarks/resources.py fits.

// Bytes of files, folders and lists of both.
def bytesOf(files) {
    if (files instanceof Collection) {
        return files.collect { file -> bytesOf(file) }.sum() ?: 0
    }
    def real = files.toRealPath()
    return real.isDirectory() ? bytesOf(real.listFiles() as List) : real.size()
}

// The largest of files that a task reads one at a time.
def largest(files) {
    return files instanceof Collection ? files.max { file -> bytesOf(file) } : files
}

// [ memory in MB, CPU seconds ]: a + b * 1,000 cells + c * million stored values, with a margin
def needs(String process, files) {
    def fitted = new groovy.json.JsonSlurper().parse(file("${projectDir}/assets/resources.json").toFile())
    def step = fitted.processes[process.tokenize(':').last()]
    def values = bytesOf(files) / step.bytes_per_value / 1e6
    return [step.memory_mb, step.cpu_s].collect { fit ->
        Math.ceil(fitted.margin * (fit[0] + values * (fit[1] * 1000 / fitted.values_per_cell + fit[2]))) as long
    }
}
