using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Loading;

/// <summary>
/// The images that instances say how to build, as entries of the stack's <c>images</c>: one for all that say the same, and one
/// too for those that name the image which another one builds. Compose's services share images so.
/// </summary>
internal static class BuiltImages
{
    /// <summary>The stack with an entry for each; instances that are not active keep their words.</summary>
    public static StackDefinition Declare(StackDefinition stack, DiagnosticList diagnostics)
    {
        foreach (var instance in stack.Instances.Values.Where(instance => instance is { Build: null, PullPolicy: ImagePull.Build }))
        {
            var path = $"instances.{instance.Name}.pull_policy";
            diagnostics.Add(Diagnostic.Error("BadBuild", stack.Source.Find(path), path, "it is to be built, and the file does not say of what", "add `build:` with a folder such as `./web`"));
        }

        if (stack.Instances.Values.All(instance => instance.Build is null))
            return stack;
        var images = stack.Images.ToDictionary(StringComparer.Ordinal);
        var instances = stack.Instances.ToDictionary(StringComparer.Ordinal);
        var aliases = new Dictionary<string, string>(StringComparer.Ordinal);
        var built = new List<(ImageDefinition Image, string Said)>();
        foreach (var instance in stack.Instances.Values.Where(instance => instance.Build is not null))
        {
            var path = $"instances.{instance.Name}.build";
            var said = instance.Image == InstanceDefinition.DefaultImage ? "" : instance.Image;
            if (stack.Images.ContainsKey(said) || stack.Images.ContainsKey(instance.Name))
            {
                var taken = stack.Images.ContainsKey(said) ? said : instance.Name;
                diagnostics.Add(Diagnostic.Error("ImageNameTaken", stack.Source.Find(path), path, $"`images` has an entry `{taken}` already", $"write `build` there and `image: {taken}` here, or give the entry another name"));
                continue;
            }

            var image = new ImageDefinition
            {
                Name = instance.Name,
                // What is built in any case is called by its key.
                Source = instance.PullPolicy is ImagePull.Build or ImagePull.Never ? "" : said,
                Build = instance.Build,
            };
            if (built.Find(one => one.Image.Source == image.Source && one.Image.Build!.IsSameAs(image.Build!)).Image is not { } same)
            {
                same = image;
                images[image.Name] = image;
                aliases[$"images.{image.Name}"] = path;
            }

            built.Add((same, said));
            instances[instance.Name] = instance with { Image = same.Name, Build = null, PullPolicy = image.Source.Length == 0 ? null : instance.PullPolicy };
        }

        foreach (var instance in stack.Instances.Values.Where(instance => instance.Build is null && !stack.Images.ContainsKey(instance.Image)))
        {
            if (built.Find(one => one.Said.Length > 0 && one.Said == instance.Image).Image is { } image)
                instances[instance.Name] = instance with { Image = image.Name };
        }

        return stack with { Images = images, Instances = instances, Source = stack.Source.WithAliases(aliases) };
    }
}
