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
        <source>untouched</source>
        <translation>sin tocar</translation>
    </message>
    <message>
        <source>A pack is a folder with a pack.yaml: a lesson, drill or exam as plain data. “timonel pack new FOLDER” makes one to start from. Edit it in any editor; each time you save, it is checked here.</source>
        <translation>Un paquete es una carpeta con un pack.yaml: una lección, un ejercicio o un examen como simples datos. «timonel pack new CARPETA» crea uno de partida. Edítalo con cualquier editor; cada vez que guardes, se comprueba aquí.</translation>
    </message>
    <message>
        <source>Stop the proof</source>
        <translation>Detener la demostración</translation>
    </message>
    <message>
        <source>No pack opened yet</source>
        <translation>Aún no hay ningún paquete abierto</translation>
    </message>
    <message>
        <source>Problems appear beside their line. “Prove” plays every solution under five seeds: untouched must score 0, a reference 100, a wrong one what it states.</source>
        <translation>Los problemas aparecen junto a su línea. «Demostrar» ejecuta cada solución con cinco semillas: sin tocar nada debe dar 0, una referencia 100, y una errónea lo que declare.</translation>
    </message>
    <message numerus="yes">
        <source>%n problem(s)</source>
        <translation>
            <numerusform>%n problema</numerusform>
            <numerusform>%n problemas</numerusform>
        </translation>
    </message>
    <message>
        <source>Proving: %1 %</source>
        <translation>Demostrando: %1 %</translation>
    </message>
    <message>
        <source>Well-formed: %1. Not proved yet.</source>
        <translation>Bien formado: %1. Aún sin demostrar.</translation>
    </message>
    <message numerus="yes">
        <source>%n case(s) did not score what they should</source>
        <translation>
            <numerusform>%n caso no puntuó lo que debía</numerusform>
            <numerusform>%n casos no puntuaron lo que debían</numerusform>
        </translation>
    </message>
    <message>
        <source>Proved: %1, five seeds</source>
        <translation>Demostrado: %1, cinco semillas</translation>
    </message>
    <message>
        <source>Should be %1.</source>
        <translation>Debería ser %1.</translation>
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
    <name>HintPane</name>
    <message>
        <source>Try</source>
        <translation>Prueba</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>Descartar</translation>
    </message>
    <message>
        <source>Next of %1 mistakes</source>
        <translation>Siguiente de %1 errores</translation>
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
        <translation>
            <numerusform>%n paso</numerusform>
            <numerusform>%n pasos</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n task(s)</source>
        <translation>
            <numerusform>%n tarea</numerusform>
            <numerusform>%n tareas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n minute(s)</source>
        <translation>
            <numerusform>%n minuto</numerusform>
            <numerusform>%n minutos</numerusform>
        </translation>
    </message>
    <message>
        <source>Continue: %1</source>
        <translation>Continuar: %1</translation>
    </message>
    <message>
        <source>Left open</source>
        <translation>Sin terminar</translation>
    </message>
    <message>
        <source>Step %1 of %2: %3</source>
        <translation>Paso %1 de %2: %3</translation>
    </message>
    <message>
        <source>Task %1 of %2: %3</source>
        <translation>Tarea %1 de %2: %3</translation>
    </message>
    <message>
        <source>The clock stands at %1 and goes on when you do.</source>
        <translation>El reloj está en %1 y sigue cuando tú sigas.</translation>
    </message>
    <message>
        <source>The cluster, your terminals and files are as you left them.</source>
        <translation>El clúster, tus terminales y tus archivos están como los dejaste.</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>Continuar</translation>
    </message>
    <message>
        <source>Start over</source>
        <translation>Empezar de nuevo</translation>
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
        <translation>
            <numerusform>queda %n pista</numerusform>
            <numerusform>quedan %n pistas</numerusform>
        </translation>
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
    <message>
        <source>Find anything (Ctrl+K)</source>
        <translation>Buscar cualquier cosa (Ctrl+K)</translation>
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
        <translation>
            <numerusform>%n salto</numerusform>
            <numerusform>%n saltos</numerusform>
        </translation>
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
    <message>
        <source>Node</source>
        <translation>Nodo</translation>
    </message>
    <message>
        <source>Chains</source>
        <translation>Cadenas</translation>
    </message>
    <message numerus="yes">
        <source>%n packet(s)</source>
        <translation>
            <numerusform>%n paquete</numerusform>
            <numerusform>%n paquetes</numerusform>
        </translation>
    </message>
    <message>
        <source>connected</source>
        <translation>conectada</translation>
    </message>
    <message>
        <source>delivered</source>
        <translation>entregado</translation>
    </message>
    <message>
        <source>refused: nobody listens</source>
        <translation>rechazada: nadie escucha</translation>
    </message>
    <message>
        <source>rejected by a rule</source>
        <translation>rechazada por una regla</translation>
    </message>
    <message>
        <source>no answer</source>
        <translation>sin respuesta</translation>
    </message>
    <message>
        <source>unreachable</source>
        <translation>inalcanzable</translation>
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
    <message>
        <source>Kinds</source>
        <translation>Tipos</translation>
    </message>
</context>
<context>
    <name>Palette</name>
    <message>
        <source>Find a screen, a task, an object …</source>
        <translation>Busca una pantalla, una tarea, un objeto…</translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation>Nada encontrado</translation>
    </message>
    <message>
        <source>Names of screens, tasks and objects are searched.</source>
        <translation>Se busca en los nombres de pantallas, tareas y objetos.</translation>
    </message>
</context>
<context>
    <name>Progress</name>
    <message>
        <source>The progress file was damaged. The newest sound backup is in use; the damaged file was set aside beside it.</source>
        <translation>El archivo de progreso estaba dañado. Se usa la copia de seguridad más reciente; el archivo dañado se ha apartado a su lado.</translation>
    </message>
    <message>
        <source>The progress file was damaged and there was no sound backup. A new one was begun; the damaged file was set aside beside it.</source>
        <translation>El archivo de progreso estaba dañado y no había una copia de seguridad válida. Se ha empezado uno nuevo; el archivo dañado se ha apartado a su lado.</translation>
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
        <source>Everything can be reached without a mouse.</source>
        <translation>Todo se puede manejar sin ratón.</translation>
    </message>
    <message>
        <source>Find anything</source>
        <translation>Buscar cualquier cosa</translation>
    </message>
    <message>
        <source>Screens</source>
        <translation>Pantallas</translation>
    </message>
    <message>
        <source>To the next part of the screen</source>
        <translation>A la siguiente parte de la pantalla</translation>
    </message>
    <message>
        <source>Pause or play</source>
        <translation>Pausar o reanudar</translation>
    </message>
    <message>
        <source>New terminal</source>
        <translation>Nueva terminal</translation>
    </message>
    <message>
        <source>Close the terminal</source>
        <translation>Cerrar la terminal</translation>
    </message>
    <message>
        <source>Next terminal</source>
        <translation>Siguiente terminal</translation>
    </message>
    <message>
        <source>Search the terminal</source>
        <translation>Buscar en la terminal</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Copiar</translation>
    </message>
    <message>
        <source>Paste</source>
        <translation>Pegar</translation>
    </message>
    <message>
        <source>Scroll the terminal</source>
        <translation>Desplazar la terminal</translation>
    </message>
    <message>
        <source>Zoom the picture, fit it</source>
        <translation>Acercar, alejar y ajustar la imagen</translation>
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
        <translation>
            <numerusform>queda %n pista</numerusform>
            <numerusform>quedan %n pistas</numerusform>
        </translation>
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
    <message>
        <source>Tasks</source>
        <translation>Tareas</translation>
    </message>
    <message>
        <source>Task %1: %2</source>
        <translation>Tarea %1: %2</translation>
    </message>
    <message>
        <source>flagged</source>
        <translation>marcada</translation>
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
    <message>
        <source>Sandbox</source>
        <translation>Sandbox</translation>
    </message>
    <message>
        <source>Set up by the lab</source>
        <translation>Preparado por el laboratorio</translation>
    </message>
    <message>
        <source>Check of the lab</source>
        <translation>Comprobación del laboratorio</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Teclas</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>Error</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>Por qué</translation>
    </message>
    <message>
        <source>Kubelet of %1</source>
        <translation>Kubelet de %1</translation>
    </message>
    <message>
        <source>Controller manager</source>
        <translation>Gestor de controladores</translation>
    </message>
    <message>
        <source>Controller: %1</source>
        <translation>Controlador: %1</translation>
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
    <message>
        <source>Bringing back your cluster … %1 %</source>
        <translation>Recuperando tu clúster… %1 %</translation>
    </message>
    <message>
        <source>Terminal</source>
        <translation>Terminal</translation>
    </message>
    <message>
        <source>Reference</source>
        <translation>Referencia</translation>
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
        <translation>
            <numerusform> · %n reinicio</numerusform>
            <numerusform> · %n reinicios</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>app::HintBar</name>
    <message>
        <source>here-document</source>
        <translation>here-document</translation>
    </message>
    <message>
        <source>%1, line %2</source>
        <translation>%1, línea %2</translation>
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
        <source>There is no such folder.</source>
        <translation>No existe esa carpeta.</translation>
    </message>
    <message>
        <source>A pack has at most 20 MiB in 2000 files.</source>
        <translation>Un paquete tiene como máximo 20 MiB en 2000 archivos.</translation>
    </message>
    <message numerus="yes">
        <source>%n task(s)</source>
        <translation>
            <numerusform>%n tarea</numerusform>
            <numerusform>%n tareas</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n check(s)</source>
        <translation>
            <numerusform>%n comprobación</numerusform>
            <numerusform>%n comprobaciones</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n solution(s)</source>
        <translation>
            <numerusform>%n solución</numerusform>
            <numerusform>%n soluciones</numerusform>
        </translation>
    </message>
    <message>
        <source>Seed %1: %2</source>
        <translation>Semilla %1: %2</translation>
    </message>
    <message>
        <source>“%1” was left open in Timonel %2 and cannot be continued in this version (%3): %4. It begins anew; every saved result is kept.</source>
        <translation>«%1» quedó abierto en Timonel %2 y no se puede continuar con esta versión (%3): %4. Empieza de nuevo; todos los resultados guardados se conservan.</translation>
    </message>
    <message>
        <source>Your work goes on, but it cannot be saved for a restart: %1</source>
        <translation>Tu trabajo continúa, pero no se puede guardar para un reinicio: %1</translation>
    </message>
</context>
<context>
    <name>app::NetworkView</name>
    <message>
        <source>Not an address: %1</source>
        <translation>No es una dirección: %1</translation>
    </message>
</context>
<context>
    <name>ReferencePane</name>
    <message>
        <source>Back</source>
        <translation>Volver</translation>
    </message>
    <message>
        <source>Find a kind or a field, e.g. readinessProbe</source>
        <translation>Busca un tipo o un campo, p. ej. readinessProbe</translation>
    </message>
    <message>
        <source>Found</source>
        <translation>Resultados</translation>
    </message>
    <message>
        <source>Nothing found</source>
        <translation>Sin resultados</translation>
    </message>
    <message>
        <source>Names and descriptions of kinds and fields are searched.</source>
        <translation>Se busca en los nombres y las descripciones de tipos y campos.</translation>
    </message>
    <message>
        <source>Fields of %1</source>
        <translation>Campos de %1</translation>
    </message>
    <message>
        <source>Kinds</source>
        <translation>Tipos</translation>
    </message>
    <message>
        <source>required</source>
        <translation>obligatorio</translation>
    </message>
</context>
<context>
    <name>app::Reference</name>
    <message>
        <source>namespaced</source>
        <translation>con espacio de nombres</translation>
    </message>
    <message>
        <source>cluster-wide</source>
        <translation>de todo el clúster</translation>
    </message>
</context>
</TS>
