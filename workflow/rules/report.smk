# Draw the figures and put the page together that people read; nothing here trains or computes.
#
# inputs   the study's tables, analysis.json, the profiles, and what belongs to them
# outputs  results/{study}/figures, a .svg and its caption in .rst for each figure
#          results/{study}/networks.json, what the networks are made of
#          results/{study}/report.html
# steps    draw and describe → report


rule draw:
    """The figures from the tables, all by one process: starting one takes longer than a figure."""
    input:
        tables=PATHS.tables,
        tuning=GRID.tuning.table,
        analysis=PATHS.analysis,
        profiles=GRID.profiles,
        code=CODE.files(
            "../draw.py",
            *(f"figures/{name}.py" for name in GRID.figure_names),
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
        figures=[
            report(
                PATHS.figure(name),
                caption=os.path.abspath(PATHS.caption(name)),
                category=STUDY.name,
                labels={"figure": figures.title(name)},
            )
            for name in GRID.figure_names
        ],
        captions=GRID.captions,
    log:
        PATHS.log("draw"),
    conda:
        "../envs/activarium.yaml"
    params:
        names=GRID.figure_names,
        activations=GRID.own_activations,
        uncertified=GRID.uncertified,
        labels=STUDY.own_labels,
    message:
        f"draw {len(GRID.figure_names)} figures"
    script:
        "../scripts/draw.py"


rule describe:
    """What each network of the study is made of."""
    input:
        defining=CODE.networks_and_datasets,
        images=GRID.own_descriptions,
        code=CODE.files("../describe.py", "train/describe.py", "train/initialisation.py"),
    output:
        PATHS.table("networks", "json"),
    log:
        PATHS.log("describe"),
    conda:
        "../envs/activarium.yaml"
    params:
        networks=STUDY.networks,
        weights=GRID.weights_checksums,
        datasets=STUDY.datasets,
    message:
        "describe the networks"
    script:
        "../scripts/describe.py"


rule report:
    """The answer, the evidence and the methods on one page that needs nothing beside itself."""
    input:
        tables=PATHS.tables,
        balanced=GRID.balanced_table,
        tuning=GRID.tuning.parquets,
        learned=GRID.learned_tables[:1],
        measures=GRID.measured.summaries,
        analysis=PATHS.analysis,
        profiles=GRID.profiles,
        claims=GRID.proven_claims,
        numerics=GRID.numerics,
        networks=GRID.network_descriptions,
        images=GRID.own_descriptions,
        provenance=PATHS.provenance,
        figures=GRID.figures,
        code=CODE.files(
            "../report.py",
            "compare/scores.py",
            "definitions/expressions.py",
            "data/prepare.py",
            "data/repeated_images.py",
            "measures/*.py",
            "report/*.*",
            "report/templates/*",
            "study/tuned_recipes.py",
        ),
    output:
        report(
            PATHS.report,
            category=STUDY.name,
            labels={"figure": "the whole report"},
        ),
    log:
        PATHS.log("report"),
    conda:
        "../envs/activarium.yaml"
    params:
        study=GRID.declared,
        drawn=GRID.drawn_shares,
        uncertified=GRID.uncertified,
        labels=STUDY.own_labels,
    message:
        "write the report"
    script:
        "../scripts/report.py"
