"""Say what each network of the study is made of."""

from activarium.runtime import devices, interrupt

interrupt.end_on_sigint()
devices.use_one_thread()  # before torch is imported

from activarium.data import prepare  # noqa: E402
from activarium.runtime import files  # noqa: E402
from activarium.runtime.errors import open_log  # noqa: E402
from activarium.train.describe import describe_networks  # noqa: E402

with open_log(snakemake.log[0]):
    found = map(prepare.description, snakemake.input.images)
    own = {images["name"]: prepare.prepared_shape(images) for images in found}
    about = describe_networks(snakemake.params.networks, snakemake.params.datasets, own)
    files.write_json(snakemake.output[0], about)
