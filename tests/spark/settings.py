"""What makes Spark's start and small queries cheap: no machine code of the second kind, one partition."""

from fangxian.lake import spark

SMALL = {
    "spark.driver.extraJavaOptions": spark.SETTINGS["spark.driver.extraJavaOptions"]
    + " -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "1",
}
