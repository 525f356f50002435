# From the tables to figures and the page that people read; nothing here trains or computes.


rule figure:
    input:
        tables=GRID.tables,
        analysis=GRID.table("analysis", "json"),
        profiles=GRID.profiles,
        code=GRID.code(
            "../figure.py",
            "figures/{figure}.py",
            "figures/__init__.py",
            "figures/_style.py",
            "figures/_svg.py",
            "compare/scores.py",
            "definitions/expressions.py",
            "definitions/on_numpy.py",
            "report/axis_limits.py",
            "report/data_warnings.py",
            "report/formatting.py",
            "report/proven_properties.py",
            "report/study_tables.py",
            "report/svg_tags.py",
        ),
    output:
        report(
            f"{GRID.folder}/figures/{{figure}}.svg",
            caption="../report/figure.rst",
            category=STUDY.name,
            labels=GRID.labels,
        ),
    log:
        GRID.log("figure/{figure}"),
    conda:
        "../envs/activarium.yaml"
    params:
        caption=GRID.caption,
        expressions=GRID.expressions,
    script:
        "../scripts/figure.py"


rule describe:
    input:
        defining=GRID.describing,
        code=GRID.code("../describe.py", "train/describe.py", "train/initialisation.py"),
    output:
        GRID.table("networks", "json"),
    log:
        GRID.log("describe"),
    conda:
        "../envs/activarium.yaml"
    params:
        networks=STUDY.networks,
        datasets=STUDY.datasets,
    script:
        "../scripts/describe.py"


rule report:
    input:
        tables=rules.figure.input.tables,
        analysis=rules.figure.input.analysis,
        profiles=GRID.profiles,
        claims=GRID.claims,
        numerics=GRID.numerics,
        networks=GRID.described,
        provenance=GRID.table("provenance", "json"),
        figures=expand(rules.figure.output, figure=GRID.figures),
        code=GRID.code(
            "../report.py",
            "compare/scores.py",
            "definitions/expressions.py",
            "report/*.*",
            "report/templates/*",
        ),
    output:
        report(
            GRID.report,
            category=STUDY.name,
            labels={"figure": "the whole report"},
        ),
    log:
        GRID.log("report"),
    conda:
        "../envs/activarium.yaml"
    params:
        study=GRID.stated,
    script:
        "../scripts/report.py"
