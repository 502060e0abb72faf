<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>Home</name>
    <message numerus="yes">
        <source>%n step(s)</source>
        <translation><numerusform>%n step</numerusform><numerusform>%n steps</numerusform></translation>
    </message>
    <message numerus="yes">
        <source>%n task(s)</source>
        <translation><numerusform>%n task</numerusform><numerusform>%n tasks</numerusform></translation>
    </message>
    <message numerus="yes">
        <source>%n minute(s)</source>
        <translation><numerusform>%n minute</numerusform><numerusform>%n minutes</numerusform></translation>
    </message>
</context>
<context>
    <name>LessonColumn</name>
    <message numerus="yes">
        <source>%n hint(s) left</source>
        <translation><numerusform>%n hint left</numerusform><numerusform>%n hints left</numerusform></translation>
    </message>
</context>
<context>
    <name>NetworkPane</name>
    <message numerus="yes">
        <source>%n hop(s)</source>
        <translation><numerusform>%n hop</numerusform><numerusform>%n hops</numerusform></translation>
    </message>
</context>
<context>
    <name>TaskStrip</name>
    <message numerus="yes">
        <source>%n hint(s) left</source>
        <translation><numerusform>%n hint left</numerusform><numerusform>%n hints left</numerusform></translation>
    </message>
</context>
<context>
    <name>app::ClusterScene</name>
    <message numerus="yes">
        <source> · %n restart(s)</source>
        <translation><numerusform> · %n restart</numerusform><numerusform> · %n restarts</numerusform></translation>
    </message>
</context>
</TS>
