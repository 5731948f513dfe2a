"""What on-call's commands share: the pipeline they are about, the cloud they look at, and the engine they run."""
