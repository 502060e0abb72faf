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
        <source>%n packet(s)</source>
        <translation><numerusform>%n packet</numerusform><numerusform>%n packets</numerusform></translation>
    </message>
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
<context>
    <name>Author</name>
    <message numerus="yes">
        <source>%n problem(s)</source>
        <translation><numerusform>%n problem</numerusform><numerusform>%n problems</numerusform></translation>
    </message>
    <message numerus="yes">
        <source>%n case(s) did not score what they should</source>
        <translation><numerusform>%n case did not score what it should</numerusform><numerusform>%n cases did not score what they should</numerusform></translation>
    </message>
</context>
<context>
    <name>app::LabController</name>
    <message numerus="yes">
        <source>%n task(s)</source>
        <translation><numerusform>%n task</numerusform><numerusform>%n tasks</numerusform></translation>
    </message>
    <message numerus="yes">
        <source>%n check(s)</source>
        <translation><numerusform>%n check</numerusform><numerusform>%n checks</numerusform></translation>
    </message>
    <message numerus="yes">
        <source>%n solution(s)</source>
        <translation><numerusform>%n solution</numerusform><numerusform>%n solutions</numerusform></translation>
    </message>
</context>
</TS>
