<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="es_ES">
<context>
    <name>Author</name>
    <message>
        <source>Write your own packs</source>
        <translation>Escribe tus propios paquetes</translation>
    </message>
    <message>
        <source>A pack is a folder with a pack.yaml: lessons, drills or exams as plain data. Make one with “timonel pack new FOLDER”, edit it in any editor, then check and prove it here.</source>
        <translation>Un paquete es una carpeta con un pack.yaml: lecciones, ejercicios o exámenes como simples datos. Crea uno con «timonel pack new CARPETA», edítalo con cualquier editor y compruébalo y demuéstralo aquí.</translation>
    </message>
    <message>
        <source>Folder of the pack, e.g. /home/me/my-pack</source>
        <translation>Carpeta del paquete, p. ej. /home/yo/mi-paquete</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>Comprobar</translation>
    </message>
    <message>
        <source>Play as learner</source>
        <translation>Probar como alumno</translation>
    </message>
    <message>
        <source>Prove</source>
        <translation>Demostrar</translation>
    </message>
    <message>
        <source>Nothing checked yet</source>
        <translation>Aún no se ha comprobado nada</translation>
    </message>
    <message>
        <source>Problems appear with file, line and column. “Prove” plays every solution under five seeds: untouched must score 0, a reference 100, a wrong one what it states.</source>
        <translation>Los problemas aparecen con archivo, línea y columna. «Demostrar» ejecuta cada solución con cinco semillas: sin tocar nada debe dar 0, una de referencia 100 y una errónea lo que indique.</translation>
    </message>
    <message>
        <source>untouched</source>
        <translation>sin tocar</translation>
    </message>
    <message>
        <source>seed %1</source>
        <translation>semilla %1</translation>
    </message>
    <message>
        <source>%1, expected %2</source>
        <translation>%1, se esperaba %2</translation>
    </message>
</context>
<context>
    <name>CheckList</name>
    <message>
        <source>Expected: %1</source>
        <translation>Se esperaba: %1</translation>
    </message>
    <message>
        <source>Observed: %1</source>
        <translation>Se observó: %1</translation>
    </message>
    <message>
        <source>Since %1 s, by: %2</source>
        <translation>Desde el segundo %1, por: %2</translation>
    </message>
</context>
<context>
    <name>ClusterPane</name>
    <message>
        <source>Cluster picture</source>
        <translation>Dibujo del clúster</translation>
    </message>
    <message>
        <source>Ownership lines</source>
        <translation>Líneas de propiedad</translation>
    </message>
    <message>
        <source>Traffic lines</source>
        <translation>Líneas de tráfico</translation>
    </message>
    <message>
        <source>Zoom out (-)</source>
        <translation>Alejar (-)</translation>
    </message>
    <message>
        <source>Zoom in (+)</source>
        <translation>Acercar (+)</translation>
    </message>
    <message>
        <source>Fit (0)</source>
        <translation>Ajustar (0)</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>listo</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>en espera</translation>
    </message>
    <message>
        <source>failing</source>
        <translation>fallando</translation>
    </message>
    <message>
        <source>ending</source>
        <translation>terminando</translation>
    </message>
    <message>
        <source>done</source>
        <translation>terminado</translation>
    </message>
</context>
<context>
    <name>Home</name>
    <message>
        <source>Troubleshooting</source>
        <translation>Resolución de problemas</translation>
    </message>
    <message>
        <source>Cluster architecture</source>
        <translation>Arquitectura del clúster</translation>
    </message>
    <message>
        <source>Services and networking</source>
        <translation>Servicios y redes</translation>
    </message>
    <message>
        <source>Workloads and scheduling</source>
        <translation>Cargas y planificación</translation>
    </message>
    <message>
        <source>Storage</source>
        <translation>Almacenamiento</translation>
    </message>
    <message>
        <source>Lesson</source>
        <translation>Lección</translation>
    </message>
    <message>
        <source>Drill</source>
        <translation>Ejercicio</translation>
    </message>
    <message>
        <source>Exam</source>
        <translation>Examen</translation>
    </message>
    <message>
        <source>Take the helm</source>
        <translation>Toma el timón</translation>
    </message>
    <message>
        <source>A whole Kubernetes cluster runs inside this window. Break it, repair it, understand it.</source>
        <translation>Dentro de esta ventana funciona un clúster de Kubernetes completo. Rómpelo, repáralo, entiéndelo.</translation>
    </message>
    <message>
        <source>Next: %1</source>
        <translation>Siguiente: %1</translation>
    </message>
    <message>
        <source>Recommended next</source>
        <translation>Recomendado ahora</translation>
    </message>
    <message>
        <source>You have tried it before, and some checks were still open.</source>
        <translation>Ya lo intentaste, y quedaban comprobaciones pendientes.</translation>
    </message>
    <message>
        <source>It is the first one you have not done yet, in the order of the course.</source>
        <translation>Es lo primero que aún no has hecho, en el orden del curso.</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Empezar</translation>
    </message>
    <message>
        <source>Free cluster</source>
        <translation>Clúster libre</translation>
    </message>
    <message>
        <source>Three nodes, no task. Try whatever you like: delete a manifest, stop a kubelet, flush iptables.</source>
        <translation>Tres nodos, ninguna tarea. Prueba lo que quieras: borra un manifiesto, para un kubelet, vacía iptables.</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Abrir</translation>
    </message>
    <message>
        <source>Your skills</source>
        <translation>Tus destrezas</translation>
    </message>
    <message>
        <source>%1 of %2 tasks</source>
        <translation>%1 de %2 tareas</translation>
    </message>
    <message>
        <source>no tasks yet</source>
        <translation>aún sin tareas</translation>
    </message>
    <message>
        <source>Lessons</source>
        <translation>Lecciones</translation>
    </message>
    <message>
        <source>Drills</source>
        <translation>Ejercicios</translation>
    </message>
    <message>
        <source>Exams</source>
        <translation>Exámenes</translation>
    </message>
    <message numerus="yes">
        <source>%n step(s)</source>
        <translation><numerusform>%n paso</numerusform><numerusform>%n pasos</numerusform></translation>
    </message>
    <message numerus="yes">
        <source>%n task(s)</source>
        <translation><numerusform>%n tarea</numerusform><numerusform>%n tareas</numerusform></translation>
    </message>
    <message numerus="yes">
        <source>%n minute(s)</source>
        <translation><numerusform>%n minuto</numerusform><numerusform>%n minutos</numerusform></translation>
    </message>
</context>
<context>
    <name>InspectorPane</name>
    <message>
        <source>gone</source>
        <translation>ya no existe</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Cerrar</translation>
    </message>
    <message>
        <source>Summary</source>
        <translation>Resumen</translation>
    </message>
    <message>
        <source>Events</source>
        <translation>Eventos</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>Por qué</translation>
    </message>
    <message>
        <source>No events</source>
        <translation>Sin eventos</translation>
    </message>
    <message>
        <source>Nothing has been reported about this object in the last hour.</source>
        <translation>No se ha informado de nada sobre este objeto en la última hora.</translation>
    </message>
</context>
<context>
    <name>LessonColumn</name>
    <message>
        <source>Step %1 of %2</source>
        <translation>Paso %1 de %2</translation>
    </message>
    <message>
        <source>Previous step</source>
        <translation>Paso anterior</translation>
    </message>
    <message numerus="yes">
        <source>%n hint(s) left</source>
        <translation><numerusform>queda %n pista</numerusform><numerusform>quedan %n pistas</numerusform></translation>
    </message>
    <message>
        <source>Next step</source>
        <translation>Paso siguiente</translation>
    </message>
</context>
<context>
    <name>Main</name>
    <message>
        <source>Home</source>
        <translation>Inicio</translation>
    </message>
    <message>
        <source>Learn</source>
        <translation>Aprender</translation>
    </message>
    <message>
        <source>Cluster</source>
        <translation>Clúster</translation>
    </message>
    <message>
        <source>Terminal</source>
        <translation>Terminal</translation>
    </message>
    <message>
        <source>Author</source>
        <translation>Autoría</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Ajustes</translation>
    </message>
    <message>
        <source>Free cluster</source>
        <translation>Clúster libre</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>Informe</translation>
    </message>
    <message>
        <source>%1 of %2 nodes ready</source>
        <translation>%1 de %2 nodos listos</translation>
    </message>
    <message>
        <source>%1 of %2 pods fine</source>
        <translation>%1 de %2 pods bien</translation>
    </message>
    <message>
        <source>Find  Ctrl+K</source>
        <translation>Buscar  Ctrl+K</translation>
    </message>
    <message>
        <source>Leave to Home</source>
        <translation>Salir al inicio</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>Descartar</translation>
    </message>
    <message>
        <source>screen</source>
        <translation>pantalla</translation>
    </message>
    <message>
        <source>task %1</source>
        <translation>tarea %1</translation>
    </message>
</context>
<context>
    <name>Markdown</name>
    <message>
        <source>Copy</source>
        <translation>Copiar</translation>
    </message>
    <message>
        <source>Run in the terminal</source>
        <translation>Ejecutar en el terminal</translation>
    </message>
</context>
<context>
    <name>NetworkPane</name>
    <message>
        <source>From</source>
        <translation>Desde</translation>
    </message>
    <message>
        <source>To</source>
        <translation>Hasta</translation>
    </message>
    <message>
        <source>Walk</source>
        <translation>Recorrer</translation>
    </message>
    <message numerus="yes">
        <source>%n hop(s)</source>
        <translation><numerusform>%n salto</numerusform><numerusform>%n saltos</numerusform></translation>
    </message>
    <message>
        <source>No rules</source>
        <translation>Sin reglas</translation>
    </message>
    <message>
        <source>This table is empty on this node.</source>
        <translation>Esta tabla está vacía en este nodo.</translation>
    </message>
    <message>
        <source>policy %1</source>
        <translation>política %1</translation>
    </message>
    <message>
        <source>Connections made by programs</source>
        <translation>Conexiones hechas por programas</translation>
    </message>
</context>
<context>
    <name>ObjectsPane</name>
    <message>
        <source>Filter by name</source>
        <translation>Filtrar por nombre</translation>
    </message>
    <message>
        <source>Nothing here</source>
        <translation>Aquí no hay nada</translation>
    </message>
    <message>
        <source>No objects of this kind match.</source>
        <translation>Ningún objeto de este tipo coincide.</translation>
    </message>
</context>
<context>
    <name>Palette</name>
    <message>
        <source>Find a screen, a task, an object …</source>
        <translation>Busca una pantalla, una tarea, un objeto…</translation>
    </message>
</context>
<context>
    <name>Report</name>
    <message>
        <source>Passed</source>
        <translation>Aprobado</translation>
    </message>
    <message>
        <source>Not passed yet</source>
        <translation>Aún sin aprobar</translation>
    </message>
    <message>
        <source>%1 of 100 points. Partial credit counts every check that holds.</source>
        <translation>%1 de 100 puntos. Cada comprobación que se cumple suma.</translation>
    </message>
    <message>
        <source>Look at the cluster</source>
        <translation>Mirar el clúster</translation>
    </message>
    <message>
        <source>Expected: %1</source>
        <translation>Se esperaba: %1</translation>
    </message>
    <message>
        <source>Observed: %1</source>
        <translation>Se observó: %1</translation>
    </message>
    <message>
        <source>A solution</source>
        <translation>Una solución</translation>
    </message>
</context>
<context>
    <name>Settings</name>
    <message>
        <source>Settings</source>
        <translation>Ajustes</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Idioma</translation>
    </message>
    <message>
        <source>Of the window, tasks and lessons. What kubectl prints stays English, as in the exam.</source>
        <translation>De la ventana, las tareas y las lecciones. Lo que escribe kubectl sigue en inglés, como en el examen.</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>Tema</translation>
    </message>
    <message>
        <source>System</source>
        <translation>Del sistema</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Claro</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Oscuro</translation>
    </message>
    <message>
        <source>High contrast</source>
        <translation>Alto contraste</translation>
    </message>
    <message>
        <source>Text size</source>
        <translation>Tamaño del texto</translation>
    </message>
    <message>
        <source>Motion</source>
        <translation>Movimiento</translation>
    </message>
    <message>
        <source>Without motion, changes appear at once.</source>
        <translation>Sin movimiento, los cambios aparecen de golpe.</translation>
    </message>
    <message>
        <source>Animate changes</source>
        <translation>Animar los cambios</translation>
    </message>
    <message>
        <source>No motion</source>
        <translation>Sin movimiento</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Teclas</translation>
    </message>
    <message>
        <source>Ctrl+K find anything · Alt+1 to Alt+6 screens · F6 between terminal and picture · F8 play or pause · Ctrl+Shift+T new terminal · Ctrl+Shift+F search the terminal · Ctrl+Shift+C / V copy and paste</source>
        <translation>Ctrl+K buscar cualquier cosa · Alt+1 a Alt+6 pantallas · F6 entre terminal y dibujo · F8 reproducir o pausar · Ctrl+Mayús+T terminal nuevo · Ctrl+Mayús+F buscar en el terminal · Ctrl+Mayús+C / V copiar y pegar</translation>
    </message>
</context>
<context>
    <name>TaskStrip</name>
    <message>
        <source>Fold the task</source>
        <translation>Plegar la tarea</translation>
    </message>
    <message>
        <source>Show the task</source>
        <translation>Mostrar la tarea</translation>
    </message>
    <message>
        <source>Previous task</source>
        <translation>Tarea anterior</translation>
    </message>
    <message>
        <source>Task %1 of %2</source>
        <translation>Tarea %1 de %2</translation>
    </message>
    <message>
        <source>Next task</source>
        <translation>Tarea siguiente</translation>
    </message>
    <message>
        <source>Time left</source>
        <translation>Tiempo restante</translation>
    </message>
    <message>
        <source>Flag for review</source>
        <translation>Marcar para revisar</translation>
    </message>
    <message>
        <source>Hint</source>
        <translation>Pista</translation>
    </message>
    <message numerus="yes">
        <source>%n hint(s) left</source>
        <translation><numerusform>queda %n pista</numerusform><numerusform>quedan %n pistas</numerusform></translation>
    </message>
    <message>
        <source>Put this task back to its beginning</source>
        <translation>Volver a poner esta tarea como al principio</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>Comprobar</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 de %2</translation>
    </message>
    <message>
        <source>Finish</source>
        <translation>Terminar</translation>
    </message>
    <message>
        <source>Finish the exam?</source>
        <translation>¿Terminar el examen?</translation>
    </message>
    <message>
        <source>All tasks are graded on what the cluster is now. You cannot go on afterwards.</source>
        <translation>Todas las tareas se califican según el estado actual del clúster. Después no se puede seguir.</translation>
    </message>
    <message>
        <source>Go on working</source>
        <translation>Seguir trabajando</translation>
    </message>
</context>
<context>
    <name>TerminalPane</name>
    <message>
        <source>Close</source>
        <translation>Cerrar</translation>
    </message>
    <message>
        <source>New terminal (Ctrl+Shift+T)</source>
        <translation>Terminal nuevo (Ctrl+Mayús+T)</translation>
    </message>
    <message>
        <source>Split</source>
        <translation>Dividir</translation>
    </message>
    <message>
        <source>Search (Ctrl+Shift+F)</source>
        <translation>Buscar (Ctrl+Mayús+F)</translation>
    </message>
    <message>
        <source>Search the terminal</source>
        <translation>Buscar en el terminal</translation>
    </message>
    <message>
        <source>Previous match</source>
        <translation>Coincidencia anterior</translation>
    </message>
    <message>
        <source>Next match</source>
        <translation>Coincidencia siguiente</translation>
    </message>
    <message>
        <source>Terminal</source>
        <translation>Terminal</translation>
    </message>
    <message>
        <source>Second terminal</source>
        <translation>Segundo terminal</translation>
    </message>
</context>
<context>
    <name>TransportBar</name>
    <message>
        <source>Back to the mark before</source>
        <translation>A la marca anterior</translation>
    </message>
    <message>
        <source>Pause (F8)</source>
        <translation>Pausa (F8)</translation>
    </message>
    <message>
        <source>Play (F8)</source>
        <translation>Reproducir (F8)</translation>
    </message>
    <message>
        <source>One event</source>
        <translation>Un evento</translation>
    </message>
    <message>
        <source>To the next change</source>
        <translation>Al cambio siguiente</translation>
    </message>
    <message>
        <source>On to the next mark</source>
        <translation>A la marca siguiente</translation>
    </message>
    <message>
        <source>max</source>
        <translation>máx.</translation>
    </message>
    <message>
        <source>Pace</source>
        <translation>Ritmo</translation>
    </message>
    <message>
        <source>Virtual time</source>
        <translation>Tiempo virtual</translation>
    </message>
    <message>
        <source>Timeline</source>
        <translation>Línea de tiempo</translation>
    </message>
    <message>
        <source>Back to now</source>
        <translation>Volver al presente</translation>
    </message>
</context>
<context>
    <name>Welcome</name>
    <message>
        <source>Welcome aboard</source>
        <translation>Te damos la bienvenida a bordo</translation>
    </message>
    <message>
        <source>Timonel runs a complete Kubernetes cluster inside this window: nothing to install, no internet, nothing you can break for good. You type real commands on the left and watch the cluster on the right.</source>
        <translation>Timonel ejecuta un clúster de Kubernetes completo dentro de esta ventana: nada que instalar, sin internet, nada que puedas romper para siempre. Escribes órdenes reales a la izquierda y miras el clúster a la derecha.</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Idioma</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>Tema</translation>
    </message>
    <message>
        <source>System</source>
        <translation>Del sistema</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Claro</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Oscuro</translation>
    </message>
    <message>
        <source>High contrast</source>
        <translation>Alto contraste</translation>
    </message>
    <message>
        <source>Look around first</source>
        <translation>Antes, echar un vistazo</translation>
    </message>
    <message>
        <source>Start my first pod</source>
        <translation>Arrancar mi primer pod</translation>
    </message>
</context>
<context>
    <name>WhyList</name>
    <message>
        <source>You typed</source>
        <translation>Escribiste</translation>
    </message>
    <message>
        <source>API write</source>
        <translation>Escritura en la API</translation>
    </message>
    <message>
        <source>Container</source>
        <translation>Contenedor</translation>
    </message>
    <message>
        <source>Rule</source>
        <translation>Regla</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>Nodo</translation>
    </message>
    <message>
        <source>Fault</source>
        <translation>Avería</translation>
    </message>
    <message>
        <source>Unit</source>
        <translation>Unidad</translation>
    </message>
    <message>
        <source>Pod</source>
        <translation>Pod</translation>
    </message>
    <message>
        <source>Scheduler</source>
        <translation>Planificador</translation>
    </message>
    <message>
        <source>Why is it so?</source>
        <translation>¿Por qué está así?</translation>
    </message>
    <message>
        <source>This state came with the cluster itself.</source>
        <translation>Este estado ya venía con el propio clúster.</translation>
    </message>
    <message>
        <source>Select something in the picture or a list: its chain of causes appears here.</source>
        <translation>Selecciona algo en el dibujo o en una lista: aquí aparece su cadena de causas.</translation>
    </message>
</context>
<context>
    <name>Workspace</name>
    <message>
        <source>Cluster</source>
        <translation>Clúster</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>Red</translation>
    </message>
    <message>
        <source>Objects</source>
        <translation>Objetos</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>Por qué</translation>
    </message>
    <message>
        <source>all namespaces</source>
        <translation>todos los espacios</translation>
    </message>
    <message>
        <source>Namespace</source>
        <translation>Espacio de nombres</translation>
    </message>
    <message>
        <source>You are looking at %1. The terminal stays in the present.</source>
        <translation>Estás mirando %1. El terminal sigue en el presente.</translation>
    </message>
    <message>
        <source>Grading what the cluster does …</source>
        <translation>Calificando lo que hace el clúster…</translation>
    </message>
    <message>
        <source>Booting the cluster …</source>
        <translation>Arrancando el clúster…</translation>
    </message>
</context>
<context>
    <name>app::ClusterScene</name>
    <message>
        <source>Node %1, %2</source>
        <translation>Nodo %1, %2</translation>
    </message>
    <message>
        <source>Pod %1, %2</source>
        <translation>Pod %1, %2</translation>
    </message>
    <message numerus="yes">
        <source> · %n restart(s)</source>
        <translation><numerusform> · %n reinicio</numerusform><numerusform> · %n reinicios</numerusform></translation>
    </message>
</context>
<context>
    <name>app::Inspector</name>
    <message>
        <source>Namespace</source>
        <translation>Espacio de nombres</translation>
    </message>
    <message>
        <source>Created</source>
        <translation>Creado</translation>
    </message>
    <message>
        <source>Controlled by</source>
        <translation>Controlado por</translation>
    </message>
    <message>
        <source>Node</source>
        <translation>Nodo</translation>
    </message>
    <message>
        <source>Pod IP</source>
        <translation>IP del pod</translation>
    </message>
    <message>
        <source>Cluster IP</source>
        <translation>IP de clúster</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>Tipo</translation>
    </message>
    <message>
        <source>Replicas wanted</source>
        <translation>Réplicas deseadas</translation>
    </message>
    <message>
        <source>Replicas ready</source>
        <translation>Réplicas listas</translation>
    </message>
    <message>
        <source>Image of %1</source>
        <translation>Imagen de %1</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>Etiquetas</translation>
    </message>
</context>
<context>
    <name>app::LabController</name>
    <message>
        <source>The result could not be saved: %1</source>
        <translation>No se pudo guardar el resultado: %1</translation>
    </message>
    <message>
        <source>The pack is larger than 20 MiB.</source>
        <translation>El paquete ocupa más de 20 MiB.</translation>
    </message>
</context>
<context>
    <name>app::NetworkView</name>
    <message>
        <source>Not an address: %1</source>
        <translation>No es una dirección: %1</translation>
    </message>
</context>
</TS>
